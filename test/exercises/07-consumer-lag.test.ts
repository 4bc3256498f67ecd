import checks from "./07-consumer-lag.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("07-consumer-lag", checks);
