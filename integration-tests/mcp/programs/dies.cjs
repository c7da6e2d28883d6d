// A server whose tool kills the process.
const { Server } = require('@modelcontextprotocol/server');
const { StdioServerTransport } = require('@modelcontextprotocol/server/stdio');

const server = new Server({ name: 'weather', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler('tools/call', () => process.kill(process.pid, 'SIGKILL'));
void server.connect(new StdioServerTransport());
