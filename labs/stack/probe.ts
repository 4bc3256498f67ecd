import { connect } from "node:net";

// How one knows that a service answers.

/** What a TCP service answers to a short question. */
export function ask(port: number, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let answer = "";
    socket.setTimeout(2_000, () => socket.destroy(new Error("no answer in time")));
    socket.on("connect", () => socket.write(question));
    socket.on("data", (data) => (answer += data.toString()));
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}

/** Resolves when a port is open, which is cheaper to ask than a gRPC client that waits and waits again. */
export function isOpen(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });
}

/** The figures that a service of Hadoop publishes about itself. */
export async function hadoopBean(
  port: number,
  service: "NameNode" | "DataNode",
  name: string,
): Promise<Record<string, unknown>> {
  const url = `http://127.0.0.1:${port}/jmx?qry=Hadoop:service=${service},name=${name}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  const { beans } = (await response.json()) as { beans: Record<string, unknown>[] };
  if (beans[0] === undefined) throw new Error(`the ${service} does not publish ${name} yet`);
  return beans[0];
}
