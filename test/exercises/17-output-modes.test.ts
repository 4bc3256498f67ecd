import checks from "./17-output-modes.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("17-output-modes", checks);
