import checks from "./03-back-off.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("03-back-off", checks);
