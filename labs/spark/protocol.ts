import type { Relation } from "./relation.js";

/** Spark's response to a plan: the fields that the lab reads. */
export interface ExecutePlanResponse {
  arrowBatch?: { data: Uint8Array };
  sqlCommandResult?: { relation?: Relation | { localRelation: { data?: Uint8Array } } };
  writeStreamOperationStartResult?: { queryId: { id: string; runId: string }; name?: string };
  streamingQueryCommandResult?: {
    status?: { isActive?: boolean };
    recentProgress?: { recentProgressJson?: string[] };
    explain?: { result?: string };
    exception?: { exceptionMessage?: string };
    awaitTermination?: { terminated?: boolean };
  };
}
