import { Body, Controller, Delete, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { BearerGuard, BearerProtected, BearerPublic } from 'nestjs-oxd';
import { ALBUMS, newAlbum, type Album } from './albums.js';

@Controller('api/albums')
@UseGuards(BearerGuard)
export class AlbumsController {
  @Get()
  @BearerProtected({ scopes: ['albums:read'] })
  list(): readonly Album[] {
    return ALBUMS;
  }

  /** Needs the scope and one of the roles. */
  @Post()
  @BearerProtected({ scopes: ['albums:write'], roles: ['editor', 'admin'] })
  add(@Body('title') title = 'Blue Train'): Album {
    return newAlbum(title);
  }

  /** Needs a strong login in the last five minutes, too. */
  @Delete(':id')
  @HttpCode(204)
  @BearerProtected({
    scopes: ['albums:write'],
    roles: ['admin'],
    acr_values: ['strong'],
    max_age: 300,
  })
  remove(@Param('id') _id: string): void {}

  /** Public route. */
  @Get('count')
  @BearerPublic()
  count() {
    return { albums: ALBUMS.length };
  }

  /** Undeclared route: the guard denies it. */
  @Get('export')
  export(): readonly Album[] {
    return ALBUMS;
  }
}
