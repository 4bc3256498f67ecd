import axios, { type Method } from "axios";

/**
 * Merges the small files of a table on HDFS into one file, through WebHDFS.
 *
 * A table is a folder with versions: subfolders `v1`, `v2`, `v10` and so on, which contain files of JSON lines. Readers list
 * the folder, take the version with the highest number, and read all files in it, sorted by name. They do so at any time, also
 * while `compact` runs, and must always find every row exactly once. Names that are not `v` and a number do not concern readers.
 *
 * When the promise resolves, the folder contains one version and nothing else, and this version contains one file. Its rows are
 * those of the files before, in the order of the files' names. If the newest version has one file only, it stays as it is.
 * The last line of a file may lack its line break: then add it. The table has at least one version with at least one file.
 *
 * The process may be killed at any moment, and any request may fail. If a request fails, reject without repeating it. The promise
 * of the next call must resolve with the same result, whatever the call before has left behind.
 *
 * WebHDFS: `LISTSTATUS`, `OPEN`, `CREATE` (with `overwrite=true`), `RENAME`, `DELETE` (with `recursive=true`). A rename of a
 * folder is atomic. `RENAME` reports a failure as status 200 with `{"boolean":false}`.
 *
 * @param webhdfs the URL of HDFS, `http://host:port/webhdfs/v1`; paths follow it
 * @param user send it with each request as the parameter `user.name`
 * @param folder the table's path, such as `/prices`
 */
export async function compact(webhdfs: string, user: string, folder: string): Promise<void> {
  async function request<T>(method: Method, path: string, parameters: object, data?: string) {
    const url = `${webhdfs}${path}`;
    const params = { ...parameters, "user.name": user };
    const transformResponse = (text: unknown) => text; // leave JSON unparsed, as in OPEN's rows
    const options = { method, url, params, data, proxy: false as const, transformResponse };
    const response = await axios.request<T>(options);
    return response.data;
  }
  async function list(path: string): Promise<string[]> {
    const text = await request<string>("GET", path, { op: "LISTSTATUS" });
    const { FileStatuses } = JSON.parse(text) as {
      FileStatuses: { FileStatus: { pathSuffix: string }[] };
    };
    return FileStatuses.FileStatus.map(({ pathSuffix }) => pathSuffix);
  }
  const remove = (path: string) => request("DELETE", path, { op: "DELETE", recursive: true });

  const numbers = (await list(folder)).flatMap((name) => /^v(\d+)$/.exec(name)?.[1] ?? []);
  let newest = Math.max(...numbers.map(Number));
  const files = (await list(`${folder}/v${newest}`)).sort();
  if (files.length > 1) {
    let rows = "";
    for (const file of files) {
      const text = await request<string>("GET", `${folder}/v${newest}/${file}`, { op: "OPEN" });
      rows += text === "" || text.endsWith("\n") ? text : `${text}\n`;
    }
    const temporary = `${folder}/compacting`;
    await remove(temporary); // what a killed call may have left
    await request("PUT", `${temporary}/part-0.jsonl`, { op: "CREATE", overwrite: true }, rows);
    const destination = `${folder}/v${newest + 1}`;
    const answer = await request<string>("PUT", temporary, { op: "RENAME", destination });
    if (answer !== '{"boolean":true}') throw new Error(`${temporary} could not be renamed`);
    newest++;
  }
  for (const name of await list(folder)) {
    if (name !== `v${newest}`) await remove(`${folder}/${name}`);
  }
}
