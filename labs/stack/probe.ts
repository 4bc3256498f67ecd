import { connect } from "node:net";

// Checks whether a service answers.

/** Sends a question to a TCP service and returns its answer. */
export function ask(host: string, port: number, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let answer = "";
    socket.setTimeout(2_000, () => socket.destroy(new Error("no answer in time")));
    socket.on("connect", () => socket.write(question));
    socket.on("data", (data) => (answer += data.toString()));
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}

/** Resolves if a port is open. A gRPC client would wait and retry instead. */
export function isOpen(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.on("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });
}

/** A JMX bean of a Hadoop service. */
export async function hadoopBean(
  host: string,
  port: number,
  service: "NameNode" | "DataNode",
  name: string,
): Promise<Record<string, unknown>> {
  const url = `http://${host}:${port}/jmx?qry=Hadoop:service=${service},name=${name}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  const { beans } = (await response.json()) as { beans: Record<string, unknown>[] };
  if (beans[0] === undefined) throw new Error(`the ${service} does not publish ${name} yet`);
  return beans[0];
}
