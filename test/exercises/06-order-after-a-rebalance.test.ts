import checks from "./06-order-after-a-rebalance.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("06-order-after-a-rebalance", checks);
