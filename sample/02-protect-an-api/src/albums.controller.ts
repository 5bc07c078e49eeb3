import {
  All,
  Controller,
  Delete,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  UseGuards,
} from '@nestjs/common';
import { UmaGuard, UmaProtected, UmaPublic } from 'nestjs-oxd';
import { ALBUMS, type Album } from './albums.js';

@Controller('api/albums')
@UseGuards(UmaGuard)
export class AlbumsController {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list(): readonly Album[] {
    return ALBUMS;
  }

  @Post()
  @UmaProtected({ scopes: ['add'] })
  add(): Album {
    return { id: 'blue-train', title: 'Blue Train', tracks: 5 };
  }

  /** Public route. */
  @Get('count')
  @UmaPublic()
  count() {
    return { albums: ALBUMS.length };
  }

  /** Undeclared route: the guard denies it. */
  @Get('export')
  export(): readonly Album[] {
    return ALBUMS;
  }

  /** Handles every method, but only GET is declared: the guard denies the others. */
  @All('mine')
  @UmaProtected('/api/albums/mine', 'GET', { scopes: ['view'] })
  mine(): readonly Album[] {
    return ALBUMS.slice(0, 1);
  }

  @Get(':id')
  @UmaProtected({ scopes: ['view'] })
  find(@Param('id') id: string): Album {
    const album = ALBUMS.find((one) => one.id === id);
    if (!album) throw new NotFoundException('The album does not exist.');
    return album;
  }

  @Delete(':id')
  @HttpCode(204)
  @UmaProtected({ scopes: ['delete'] })
  remove(@Param('id') id: string): void {
    this.find(id);
  }

  @Post(':id/loan')
  @UmaProtected({ scopes: ['borrow'] })
  borrow(@Param('id') id: string) {
    return { borrowed: this.find(id).title };
  }
}
