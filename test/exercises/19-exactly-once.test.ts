import checks from "./19-exactly-once.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("19-exactly-once", checks);
