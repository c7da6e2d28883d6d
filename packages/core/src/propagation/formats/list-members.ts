/** Twice the longest list that any format allows, because lists may have empty members. */
const MAX_MEMBERS_READ = 128;

/** The members of a comma-separated list, valid, malformed or empty: at most the first 128. */
export function membersOf(list: string): string[] {
  return list.split(',', MAX_MEMBERS_READ);
}

/** The members of a comma-separated list that is valid only as a whole; `undefined` if it has more than 128. */
export function allMembersOf(list: string): string[] | undefined {
  const members = list.split(',', MAX_MEMBERS_READ + 1);
  return members.length > MAX_MEMBERS_READ ? undefined : members;
}
