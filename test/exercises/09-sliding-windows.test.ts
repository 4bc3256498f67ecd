import checks from "./09-sliding-windows.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("09-sliding-windows", checks);
