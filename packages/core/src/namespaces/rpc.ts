// Calls over messages, for the template for message brokers.
export { createRpcAction as createAction, envelopesOption, readEnvelope } from '../templates/rpc-envelope.ts';
