/** Twice the members of the longest list that a format allows: room for the empty ones that lists may have. */
const MAX_LOOKED_AT = 128;

/** The members of a list with commas: as many as are looked at, good, bad or empty, however long the list is. */
export function membersOf(list: string): string[] {
  return list.split(',', MAX_LOOKED_AT);
}

/** The members of a list that counts only as a whole; `undefined` where it has more than are looked at. */
export function allMembersOf(list: string): string[] | undefined {
  const members = list.split(',', MAX_LOOKED_AT + 1);
  return members.length > MAX_LOOKED_AT ? undefined : members;
}
