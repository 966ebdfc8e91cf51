// The public API of the package.
/**
 * The client library: `connect`, `Client`, errors.
 * @module dynats
 */
export type { BucketInfo, BucketOptions, BucketSettings, Buckets } from './client/buckets.js';
export type { Client, Operation, Outcome, PutOptions, RequestOptions, Session } from './client/client.js';
export { connect } from './client/connect.js';
export { Entry } from './client/entry.js';
export type { Got, Put } from './client/many.js';
export { type ConnectOptions, Mode } from './client/options.js';
export type { ScanOptions } from './client/scan.js';
export type { WatchEvent } from './client/watch/event.js';
export type { Watch, WatchOptions } from './client/watch/watch.js';
export {
  ClosedError,
  DynatsError,
  type Effect,
  ErrorCode,
  ForbiddenError,
  InternalError,
  InvalidRequestError,
  OverloadedError,
  ReadTimeoutError,
  UnavailableError,
  WriteTimeoutError,
} from './errors.js';
export { Level } from './model/level.js';
export { type OutcomeReport, Standing, Verdict } from './model/outcome.js';
export type {
  ClusterDefinition,
  ClusterReply,
  GetReply,
  HintsReply,
  HintsRequest,
  PutReply,
  Receipt,
  RecordsReply,
  RecordsRequest,
  RepairReply,
  StatusReply,
  TouchReply,
  WireRecord,
} from './wire/generated/types.js';
