// webhdfs ships no types. These are the parts that labs/store/hdfs.ts uses.
declare module "webhdfs" {
  type Done = (error: Error | null | undefined) => void;
  interface FileStatus {
    pathSuffix: string;
    type: "FILE" | "DIRECTORY";
    length: number;
  }
  interface Client {
    mkdir(path: string, done: Done): void;
    readdir(
      path: string,
      done: (error: Error | null | undefined, files: FileStatus[]) => void,
    ): void;
    stat(path: string, done: (error: Error | null | undefined, file: FileStatus) => void): void;
    unlink(path: string, recursive: boolean, done: Done): void;
  }
  export function createClient(
    options: { protocol: "http" | "https"; host: string; port: number; path: string; user: string },
    requestParameters: { timeout: number; proxy: null },
  ): Client;
}
