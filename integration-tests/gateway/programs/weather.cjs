// A server of MCP over stdio whose tool does what its argument `fault` says.
const { once } = require('node:events');
const { Server } = require('@modelcontextprotocol/server');
const { StdioServerTransport } = require('@modelcontextprotocol/server/stdio');
const { answer } = require('../../mcp/programs/answer.cjs');

const server = new Server({ name: 'weather', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
  const { fault } = params.arguments;
  if (fault === 'none') return answer((request) => mcpReq.send(request));
  if (fault === 'tool error') return { isError: true, content: [{ type: 'text', text: 'no such city' }] };
  if (fault === 'broken') throw new TypeError('broken');
  const { progressToken } = mcpReq._meta;
  await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
  // Cancelled or killed by the client.
  await once(mcpReq.signal, 'abort');
  return { content: [] };
});
void server.connect(new StdioServerTransport());
