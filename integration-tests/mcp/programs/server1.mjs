// The same as server1.cjs, as an ES module.
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema, CreateMessageResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { answer } from './answer.cjs';

const server = new Server({ name: 'weather', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler(CallToolRequestSchema, (_request, extra) =>
  answer((request) => extra.sendRequest(request, CreateMessageResultSchema)),
);
await server.connect(new StdioServerTransport());
