// The same as client2.cjs, as an ES module.
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { complete, exchange } from './exchange.cjs';

const client = new Client({ name: 'assistant', version: '1.0.0' }, { capabilities: { sampling: {} } });
client.setRequestHandler('sampling/createMessage', complete);
await exchange(client, StdioClientTransport);
