import { Buffer } from 'node:buffer';
import type { RequestOf, ResponseOf } from './kafka-protocol.ts';

/** The errors of the protocol that the broker reports. Source: https://kafka.apache.org/protocol#protocol_error_codes */
export const ERRORS = { illegalGeneration: 22, unknownMember: 25, rebalancing: 27 } as const;

interface Member {
  readonly id: string;
  protocols: RequestOf<'joinGroup'>['protocols'];
  /** Set while the member waits for the others to join, or for its partitions. */
  joined?: ((response: ResponseOf<'joinGroup'>) => void) | undefined;
  synced?: ((response: ResponseOf<'syncGroup'>) => void) | undefined;
  assignment?: Buffer | undefined;
}

const NOTHING = Buffer.alloc(0);

/** A consumer group: its members share the partitions anew whenever one joins or leaves. */
export class Group {
  /** The next offset of each partition: `orders 0`. */
  readonly offsets = new Map<string, number>();
  readonly #members = new Map<string, Member>();
  #generation = 0;
  #isJoining = false;

  join({ member, protocols }: RequestOf<'joinGroup'>): Promise<ResponseOf<'joinGroup'>> {
    if (member !== '' && !this.#members.has(member))
      return Promise.resolve(this.#refused(member, ERRORS.unknownMember));
    const id = member === '' ? `member-${crypto.randomUUID()}` : member;
    const own = this.#members.get(id) ?? { id, protocols };
    own.protocols = protocols;
    this.#members.set(id, own);
    this.#isJoining = true;
    return new Promise((resolve) => {
      own.joined = resolve;
      this.#completeJoin();
    });
  }

  sync({ member, generation, assignments }: RequestOf<'syncGroup'>): Promise<ResponseOf<'syncGroup'>> {
    const error = this.#errorOf(member, generation);
    const own = this.#members.get(member);
    if (error !== 0 || own === undefined) return Promise.resolve({ error, assignment: NOTHING });
    return new Promise((resolve) => {
      own.synced = resolve;
      for (const each of assignments) {
        const assigned = this.#members.get(each.member);
        if (assigned !== undefined) assigned.assignment = each.assignment;
      }
      for (const each of this.#members.values()) {
        if (each.assignment === undefined) continue;
        each.synced?.({ error: 0, assignment: each.assignment });
        each.synced = undefined;
      }
    });
  }

  heartbeat({ member, generation }: RequestOf<'heartbeat'>): ResponseOf<'heartbeat'> {
    return { error: this.#errorOf(member, generation) };
  }

  leave({ member }: RequestOf<'leaveGroup'>): ResponseOf<'leaveGroup'> {
    this.#members.delete(member);
    this.#isJoining = this.#members.size > 0;
    this.#completeJoin();
    return { error: 0 };
  }

  /** All members have joined again: the first one gets the list of all, to share the partitions. */
  #completeJoin(): void {
    const members = [...this.#members.values()];
    const [leader] = members;
    if (leader === undefined || members.some(({ joined }) => joined === undefined)) return;
    this.#isJoining = false;
    this.#generation++;
    const { name = '' } = leader.protocols[0] ?? {};
    for (const each of members) {
      const { joined } = each;
      each.joined = undefined;
      each.assignment = undefined;
      each.synced?.({ error: ERRORS.rebalancing, assignment: NOTHING });
      each.synced = undefined;
      const own = members.map(({ id, protocols }) => ({
        member: id,
        metadata: protocols.find((protocol) => protocol.name === name)?.metadata ?? NOTHING,
      }));
      joined?.({
        error: 0,
        generation: this.#generation,
        protocol: name,
        leader: leader.id,
        member: each.id,
        members: each === leader ? own : [],
      });
    }
  }

  #errorOf(member: string, generation: number): number {
    if (!this.#members.has(member)) return ERRORS.unknownMember;
    if (this.#isJoining) return ERRORS.rebalancing;
    return generation === this.#generation ? 0 : ERRORS.illegalGeneration;
  }

  #refused(member: string, error: number): ResponseOf<'joinGroup'> {
    return { error, generation: -1, protocol: '', leader: '', member, members: [] };
  }
}
