/** Album of Amara. */
export interface Album {
  readonly id: string;
  readonly title: string;
  readonly tracks: number;
}

/** Constant data: add and remove do not change it. */
export const ALBUMS: readonly Album[] = [
  { id: 'kind-of-blue', title: 'Kind of Blue', tracks: 5 },
  { id: 'hounds-of-love', title: 'Hounds of Love', tracks: 12 },
  { id: 'homogenic', title: 'Homogenic', tracks: 10 },
];
