// Starts Clew with policies from a server, which is polled more often than the environment allows. The variables
// POLICIES_URL and OPAMP_URL name the server.
import { init } from '@clew/node';
import { HttpProvider, OpampProvider } from '@clew/sampling';

const { POLICIES_URL, OPAMP_URL, OTEL_SERVICE_NAME } = process.env;
const intervalMs = 100;
const timeoutMs = 1000;
const provider =
  POLICIES_URL === undefined
    ? new OpampProvider({
        url: OPAMP_URL,
        intervalMs,
        timeoutMs,
        resource: { 'service.name': OTEL_SERVICE_NAME },
      })
    : new HttpProvider({ url: POLICIES_URL, intervalMs, timeoutMs });
init({ sampling: { providers: [provider] } });
