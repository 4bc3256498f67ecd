# Paths and functions shared by the commands in this folder, which connect to the lab's own services.
LAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LAB="$LAB_ROOT/.lab"
LAB_STACK=$(realpath -m "${LAB_STACK_DIR:-$LAB/stack}")
JAVA_HOME="$LAB/java"
export JAVA_HOME
# Java reads non-ASCII paths correctly only in a UTF-8 locale.
export LC_ALL=C.UTF-8
KAFKA_SERVER="127.0.0.1:${LAB_KAFKA_PORT:-9092}"

# require_path PATH MESSAGE: exits with MESSAGE if PATH does not exist.
require_path() {
  [ -e "$1" ] && return
  echo "$2" >&2
  exit 1
}
require_path "$JAVA_HOME/bin/java" "Java is not installed: bash setup/ubuntu-24.04.sh java"
require_path "$LAB_STACK/settings" "the stack has never been started: npx tsx scripts/stack.ts up"

# run_kafka_class CLASS ARGUMENTS...: runs a main class of Kafka's.
run_kafka_class() {
  require_path "$LAB/kafka/jars" "Kafka is not installed: bash setup/ubuntu-24.04.sh kafka"
  exec "$JAVA_HOME/bin/java" -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -Dlog4j.configuration="file:$LAB_STACK/settings/kafka/log4j-tools.properties" -cp "$LAB/kafka/jars/*" "$@"
}

# run_kafka_command CLASS ARGUMENTS...: the same, with the lab's broker unless the arguments name one.
run_kafka_command() {
  local class=$1 argument
  shift
  for argument in "$@"; do
    case $argument in --bootstrap-server | --bootstrap-server=* | --help | --version) run_kafka_class "$class" "$@" ;; esac
  done
  run_kafka_class "$class" --bootstrap-server "$KAFKA_SERVER" "$@"
}
