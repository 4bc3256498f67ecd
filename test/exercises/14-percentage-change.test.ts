import checks from "./14-percentage-change.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("14-percentage-change", checks);
