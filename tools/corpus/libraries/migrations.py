# /// script
# dependencies = ["alembic", "mako", "sqlalchemy"]
# [tool.slim]
# event = {table = "things"}
# ///
"""Alembic's operations are made with the docstrings of their functions."""

import io

import sqlalchemy
from alembic.migration import MigrationContext
from alembic.operations import Operations
from mako.template import Template
from sqlalchemy import event as events
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    """The base."""


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    thing_id: Mapped[int] = mapped_column(sqlalchemy.ForeignKey("rows.id"))


class Row(Base):
    """A row."""

    __tablename__ = "rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    tags: Mapped[list[Tag]] = relationship()
    names = association_proxy("tags", "name", creator=lambda name: Tag(name=name))

    @hybrid_property
    def count(self):
        """How many."""
        return len(self.tags)


def lambda_handler(event, context):
    text = io.StringIO()
    migration = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": text})
    operations = Operations(migration)
    operations.create_table(event["table"], sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True))
    operations.add_column(event["table"], sqlalchemy.Column("name", sqlalchemy.String(10)))
    engine = sqlalchemy.create_engine("sqlite://")
    heard = []
    events.listen(engine, "before_cursor_execute", lambda *args: heard.append(args[2].split()[0]))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Row(id=1, names=["a", "b"]))
        session.commit()
        row = session.get(Row, 1)
        names = [sorted(row.names), row.count]
    return {
        "sql": text.getvalue(),
        "names": names,
        "heard": sorted(set(heard)),
        "doc": [vars(Row)["count"].__doc__, Row.__doc__],
        "text": Template("hello ${name}").render(name="you"),
    }
