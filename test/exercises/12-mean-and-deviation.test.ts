import checks from "./12-mean-and-deviation.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("12-mean-and-deviation", checks);
