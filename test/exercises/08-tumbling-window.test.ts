import checks from "./08-tumbling-window.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("08-tumbling-window", checks);
