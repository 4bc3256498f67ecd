"use strict";
// danfojs-node asks for @tensorflow/tfjs-node, whose install downloads a native library. DataFrames
// need only tensors and arithmetic, so this package answers to that name with the same functions in
// plain JavaScript: the core, its CPU backend, the data API, and the chained form of every operation.
const core = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops");
require("@tensorflow/tfjs-backend-cpu");
const data = require("@tensorflow/tfjs-data");

module.exports = { ...core, data };
