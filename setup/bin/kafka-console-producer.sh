#!/usr/bin/env bash
# Sends lines as records, for example: kafka-console-producer.sh --topic crypto_prices
source "$(dirname "${BASH_SOURCE[0]}")/lab-env.sh"
run_kafka_command kafka.tools.ConsoleProducer "$@"
