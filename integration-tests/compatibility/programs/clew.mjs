// A service that is traced by the preload flag. It calls the service NEXT, if that is set.
import { response, serve } from './serve.cjs';

const { NEXT } = process.env;
await serve(async (incoming, outgoing) => {
  const behind = NEXT && (await (await fetch(NEXT)).text());
  outgoing.end(response(incoming, behind));
});
