/** An album. */
export interface Album {
  readonly id: string;
  readonly title: string;
}

/** Constant data: adding and removing albums does not change it. */
export const ALBUMS: readonly Album[] = [
  { id: 'kind-of-blue', title: 'Kind of Blue' },
  { id: 'hounds-of-love', title: 'Hounds of Love' },
  { id: 'homogenic', title: 'Homogenic' },
];

/** Returns a new album with this title. */
export function newAlbum(title: string): Album {
  return { id: title.toLowerCase().replace(/\W+/g, '-'), title };
}
