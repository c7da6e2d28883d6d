// The same as orders.cjs, as an ES module.
import { Kafka, logLevel } from 'kafkajs';
import exchange_ from './exchange.cjs';

await exchange_.exchange({ Kafka, logLevel });
