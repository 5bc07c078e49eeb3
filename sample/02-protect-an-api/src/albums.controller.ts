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

interface Album {
  readonly id: string;
  readonly title: string;
  readonly tracks: number;
}

/** They are fixed: adding and deleting only say what they would do. */
const ALBUMS: readonly Album[] = [
  { id: '1', title: 'Kind of Blue', tracks: 5 },
  { id: '2', title: 'Hounds of Love', tracks: 12 },
  { id: '3', title: 'Homogenic', tracks: 10 },
];

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
    return { id: '4', title: 'Blue Train', tracks: 5 };
  }

  /** Anybody may know how many there are. */
  @Get('count')
  @UmaPublic()
  count() {
    return { albums: ALBUMS.length };
  }

  /** Nobody declared who may have this, so nobody may. */
  @Get('export')
  export(): readonly Album[] {
    return ALBUMS;
  }

  /** It answers every method; of these, GET is declared, and nobody may use another. */
  @All('mine')
  @UmaProtected('/api/albums/mine', 'GET', { scopes: ['view'] })
  mine(): readonly Album[] {
    return ALBUMS.slice(0, 1);
  }

  @Get(':id')
  @UmaProtected({ scopes: ['view'] })
  find(@Param('id') id: string): Album {
    const album = ALBUMS.find((one) => one.id === id);
    if (!album) throw new NotFoundException('There is no such album.');
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
