import checks from "./21-sliding-median-deviation.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("21-sliding-median-deviation", checks);
