// The same as three.cjs, as an ES module.
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import exchange_ from './exchange.cjs';

const connection = await connect({ servers: process.env.NATS_URL });
await exchange_.exchange(connection, jetstream(connection), await jetstreamManager(connection));
