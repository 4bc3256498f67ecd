import checks from "./18-windows-in-sql.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("18-windows-in-sql", checks);
