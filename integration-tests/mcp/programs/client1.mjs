// The same as client1.cjs, as an ES module.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { complete, exchange } from './exchange.cjs';

const client = new Client({ name: 'assistant', version: '1.0.0' }, { capabilities: { sampling: {} } });
client.setRequestHandler(CreateMessageRequestSchema, complete);
await exchange(client, StdioClientTransport);
