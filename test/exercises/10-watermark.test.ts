import checks from "./10-watermark.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("10-watermark", checks);
