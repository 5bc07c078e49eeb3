import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import {
  OxdOptions,
  UmaService,
  type OxdModuleOptions,
  type UmaPathResolver,
  type UmaResource,
} from 'nestjs-oxd';
import { ALBUMS, type Album } from './albums.js';

/** Registers a resource for each album, so that its owner can make rules for this album. */
@Injectable()
export class AlbumResources implements OnApplicationBootstrap {
  /** False if all albums are one resource: oxd-server registers resources once, at the first start. */
  readonly areSeparate: boolean;

  constructor(
    private readonly uma: UmaService,
    options: OxdOptions,
  ) {
    this.areSeparate = isEmbedded(options);
  }

  /** The start fails if the authorization server does not register the albums. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.areSeparate) await this.uma.protect({ resources: ALBUMS.flatMap(resourcesOf) });
  }
}

/** Adds `uma.paths`, which names the album of a request. */
export function withAlbumPaths(options: OxdModuleOptions): OxdModuleOptions {
  return isEmbedded(options) ? { ...options, uma: { ...options.uma, paths: albumPath } } : options;
}

/** A missing album has the declared path: it is denied like an existing one. */
const albumPath: UmaPathResolver = ({ path }, { id }) => {
  const album = ALBUMS.find((one) => one.id === id);
  return album ? pathOf(path, album) : path;
};

/** Resources of one album, with the scopes that `AlbumsController` declares. */
function resourcesOf(album: Album): readonly UmaResource[] {
  const one = pathOf('/api/albums/:id', album);
  const look = { httpMethods: ['GET'], scopes: ['view'] };
  const remove = { httpMethods: ['DELETE'], scopes: ['delete'] };
  const borrow = { httpMethods: ['POST'], scopes: ['borrow'] };
  return [
    { path: one, conditions: [look, remove] },
    { path: `${one}/loan`, conditions: [borrow] },
  ];
}

function pathOf(template: string, { id }: Album): string {
  return template.replace(':id', () => encodeURIComponent(id));
}

function isEmbedded({ transport }: Pick<OxdModuleOptions, 'transport'>): boolean {
  return !transport || ('type' in transport && transport.type === 'embedded');
}
