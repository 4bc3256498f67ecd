import checks from "./13-rolling-average-by-panes.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("13-rolling-average-by-panes", checks);
