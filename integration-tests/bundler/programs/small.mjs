// An application with Express, in which nothing starts Clew.
import { startServer } from './start-server.mjs';

startServer();
