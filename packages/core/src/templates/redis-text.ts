import { cutText } from '../kit/cut-text.ts';

/**
 * Which arguments of a command are names (of keys, fields, channels, scripts) and not values.
 * `all`: every argument. `first`, `second`: the first argument, or the first two. `pairs`: a name and a value in turn.
 * `fields`: a key, then a name and a value in turn. `word`: the first argument, if it looks like a subcommand.
 */
type Names = 'all' | 'first' | 'second' | 'pairs' | 'fields' | 'word';

const COMMANDS: Readonly<Record<Names, string>> = {
  all:
    'DEL UNLINK EXISTS TOUCH MGET WATCH TYPE TTL PTTL EXPIRETIME PEXPIRETIME PERSIST DUMP KEYS RENAME RENAMENX GET ' +
    'GETDEL STRLEN INCR DECR HGET HMGET HDEL HEXISTS HSTRLEN HGETALL HKEYS HVALS HLEN LLEN SMEMBERS SCARD SINTER ' +
    'SUNION SDIFF SINTERSTORE SUNIONSTORE SDIFFSTORE ZCARD XLEN PFCOUNT PFMERGE RPOPLPUSH SUBSCRIBE UNSUBSCRIBE ' +
    'PSUBSCRIBE PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE',
  first:
    'SET SETEX PSETEX SETNX GETSET GETEX APPEND INCRBY INCRBYFLOAT DECRBY SETRANGE GETRANGE SUBSTR SETBIT GETBIT ' +
    'BITCOUNT BITPOS BITFIELD BITFIELD_RO LCS EXPIRE PEXPIRE EXPIREAT PEXPIREAT MOVE RESTORE SORT SORT_RO HSCAN ' +
    'HRANDFIELD LPUSH RPUSH LPUSHX RPUSHX LPOP RPOP LRANGE LTRIM LINDEX LSET LREM LINSERT LPOS SADD SREM SISMEMBER ' +
    'SMISMEMBER SPOP SRANDMEMBER SSCAN ZADD ZREM ZSCORE ZMSCORE ZRANK ZREVRANK ZINCRBY ZCOUNT ZLEXCOUNT ZRANGE ' +
    'ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ' +
    'ZREMRANGEBYLEX ZPOPMIN ZPOPMAX ZRANDMEMBER ZSCAN ZUNIONSTORE ZINTERSTORE ZDIFFSTORE GEOADD GEOPOS GEODIST ' +
    'GEOHASH GEOSEARCH GEORADIUS GEORADIUSBYMEMBER PFADD XADD XDEL XTRIM XRANGE XREVRANGE XACK XCLAIM XAUTOCLAIM ' +
    'XPENDING XSETID PUBLISH SPUBLISH EVALSHA EVALSHA_RO FCALL FCALL_RO BLPOP BRPOP BZPOPMIN BZPOPMAX',
  second: 'COPY SMOVE LMOVE BLMOVE BRPOPLPUSH HINCRBY HINCRBYFLOAT HSETNX ZRANGESTORE GEOSEARCHSTORE BITOP',
  pairs: 'MSET MSETNX',
  fields: 'HSET HMSET',
  word:
    'ACL CLIENT CLUSTER COMMAND CONFIG DEBUG FUNCTION LATENCY MEMORY MODULE OBJECT PUBSUB SCRIPT SENTINEL SLOWLOG ' +
    'XGROUP XINFO',
};

const NAMES: ReadonlyMap<string, Names> = new Map(
  Object.entries(COMMANDS).flatMap(([names, commands]) =>
    commands.split(' ').map((command): [string, Names] => [command, names as Names]),
  ),
);

/** The first argument of these modules' commands is a key or an index. */
const MODULES = /^(?:BF|CF|CMS|FT|JSON|TDIGEST|TOPK|TS)\.[A-Z]+$/;

/** Further arguments are replaced by `…`. */
const MAX_ARGUMENTS = 64;
const MAX_ARGUMENT_CHARS = 256;

/**
 * Returns the text of a command in the syntax of the Redis CLI, with names of keys, fields, channels and scripts, and
 * with `?` in place of values: `SET songs:1 ?`, `HMSET songs:1 title ? year ?`. Of unknown commands and of those with
 * passwords, every argument is `?`.
 * Source: https://opentelemetry.io/docs/specs/semconv/db/redis/
 */
export function redisText(command: string, args: readonly unknown[]): string {
  const names = NAMES.get(command) ?? (MODULES.test(command) ? 'first' : undefined);
  let text = command;
  const count = Math.min(args.length, MAX_ARGUMENTS);
  for (let index = 0; index < count; index++) {
    const argument = args[index];
    text += isName(names, index, argument) ? ` ${quoted(argument)}` : ' ?';
  }
  return count < args.length ? `${text} …` : text;
}

const SCRIPTS: ReadonlySet<string> = new Set(['EVALSHA', 'EVALSHA_RO', 'FCALL', 'FCALL_RO']);

/** The name or SHA-1 digest of the script or function that a command calls. */
export function scriptOf(command: string, [first]: readonly unknown[]): string | undefined {
  return SCRIPTS.has(command) && typeof first === 'string' ? first : undefined;
}

/** Whether the message of an error may contain values: those of scripts and of unknown commands. */
export function mayQuoteValues(command: string): boolean {
  return SCRIPTS.has(command) || !NAMES.has(command);
}

function isName(names: Names | undefined, index: number, argument: unknown): boolean {
  switch (names) {
    case 'all':
      return true;
    case 'first':
      return index === 0;
    case 'second':
      return index < 2;
    case 'pairs':
      return index % 2 === 0;
    case 'fields':
      return index === 0 || index % 2 === 1;
    case 'word':
      return index === 0 && typeof argument === 'string' && /^[A-Za-z-]{1,20}$/.test(argument);
    default:
      return false;
  }
}

/** Binary names become `?`; those with blanks or quotes are quoted as in the CLI. */
function quoted(argument: unknown): string {
  if (typeof argument !== 'string') return typeof argument === 'number' ? String(argument) : '?';
  const text = argument.length > MAX_ARGUMENT_CHARS ? `${cutText(argument, MAX_ARGUMENT_CHARS)}…` : argument;
  return /^[^\s"'\\]+$/.test(text) ? text : JSON.stringify(text);
}
