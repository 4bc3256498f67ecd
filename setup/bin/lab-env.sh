# What the commands in this folder share: where things are. They talk to the lab's own services.
LAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LAB="$LAB_ROOT/.lab"
LAB_STACK=$(realpath -m "${LAB_STACK_DIR:-$LAB/stack}")
JAVA_HOME="$LAB/java"
export JAVA_HOME
# A path that is not ASCII is read right by Java in a UTF-8 locale only.
export LC_ALL=C.UTF-8
KAFKA_SERVER="127.0.0.1:${LAB_KAFKA_PORT:-9092}"

# Ends with what to do where the stack was never started.
need() {
  [ -e "$1" ] && return
  echo "$2" >&2
  exit 1
}
need "$JAVA_HOME/bin/java" "Java is not installed: bash setup/ubuntu-24.04.sh java"
need "$LAB_STACK/settings" "the stack was never started: npx tsx scripts/stack.ts up"

# Runs one of Kafka's own classes.
kafka_class() {
  need "$LAB/kafka/jars" "Kafka is not installed: bash setup/ubuntu-24.04.sh kafka"
  exec "$JAVA_HOME/bin/java" -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -Dlog4j.configuration="file:$LAB_STACK/settings/kafka/log4j-tools.properties" -cp "$LAB/kafka/jars/*" "$@"
}

# The same, told where the broker is unless the caller says so.
kafka_command() {
  local class=$1 argument
  shift
  for argument in "$@"; do
    case $argument in --bootstrap-server | --bootstrap-server=* | --help | --version) kafka_class "$class" "$@" ;; esac
  done
  kafka_class "$class" --bootstrap-server "$KAFKA_SERVER" "$@"
}
