import checks from "./16-atomic-batch-sink.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("16-atomic-batch-sink", checks);
