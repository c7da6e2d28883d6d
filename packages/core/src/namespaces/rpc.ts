// Calls over messages, for the template for message brokers, and the status of a call over any transport.
export { createRpcAction as createAction, envelopesOption, readEnvelope } from '../templates/rpc-envelope.ts';
export { recordRpcStatus as recordStatus } from '../templates/rpc-status.ts';
