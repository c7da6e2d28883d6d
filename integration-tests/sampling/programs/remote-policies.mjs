// Starts Clew with policies from a server, which is polled more often than the environment allows. The variables
// POLICIES_URL and OPAMP_URL name the server; POLICIES_TIMEOUT_MS is the timeout of a request.
import { init } from '@clew/node';
import { HttpProvider, OpampProvider } from '@clew/sampling';

const { POLICIES_URL, OPAMP_URL, POLICIES_TIMEOUT_MS = '10000', OTEL_SERVICE_NAME } = process.env;
const intervalMs = 100;
const timeoutMs = Number(POLICIES_TIMEOUT_MS);
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
