import { EventEmitter } from 'node:events';
import { currentContext, emitters } from '@clew/core/plugin';
import {
  type Command,
  type Connection,
  databaseOf,
  type Mysql2,
  type Mysql2Tools,
  type Send,
  unformatted,
} from './mysql2.ts';
import { sendPublished } from './send-published.ts';
import { sendTraced } from './send-traced.ts';
import { sendAs } from './sent-query.ts';

/** Patches the two methods that every query goes through, apart from those of prepared statements. */
export function patchQueries(
  tools: Mysql2Tools,
  prototype: Connection,
  connectionClass: Mysql2['Connection'],
  hasChannels: boolean,
): void {
  for (const name of ['query', 'execute'] as const) {
    tools.wrap<Send>(
      prototype,
      name,
      (send) =>
        function (...given) {
          // `execute` prepares its statement once for each text.
          const isCommented = tools.options.sqlComments && name === 'query';
          const command = isCommented ? commandOf(connectionClass, this, given) : undefined;
          const args = command === undefined ? given : [command];
          const query = { connection: this, args: given, command, isTraced: !hasChannels };
          const sent = sendAs(query, () => {
            if (hasChannels) return sendPublished(this, args, send);
            const describe = () => ({
              ...unformatted(given),
              database: databaseOf(this.config),
              connection: this,
            });
            return sendTraced(tools, { connection: this, args, command, describe }, (traced) =>
              Reflect.apply(send, this, traced),
            );
          });
          if (sent !== undefined && !sent.onResult) emitters.setContext(sent, currentContext());
          return sent;
        },
    );
  }
}

/** The command that mysql2 would create from the arguments, so that its text can be changed before it is sent. */
function commandOf(
  connectionClass: Mysql2['Connection'],
  { config }: Connection,
  [statement, values, callback]: readonly unknown[],
): Command | undefined {
  if (statement instanceof EventEmitter) return statement as Command;
  const isStatement = typeof statement === 'string' || (typeof statement === 'object' && statement !== null);
  return isStatement ? connectionClass.createQuery(statement, values, callback, config) : undefined;
}
