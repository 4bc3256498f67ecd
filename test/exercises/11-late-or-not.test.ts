import checks from "./11-late-or-not.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("11-late-or-not", checks);
