# /// script
# dependencies = ["sqlalchemy", "psycopg2-binary", "pymysql"]
# [tool.slim]
# ci = true
# event = {urls = ["postgresql+psycopg2://u:p@h/d", "mysql+pymysql://u:p@h/d", "sqlite+pysqlite://"]}
# ///
"""Dialects and drivers are imported by the name in a URL."""

import sqlalchemy
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql


class Base(orm.DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sqlalchemy.String(30))


def lambda_handler(event, context):
    engines = [sqlalchemy.create_engine(url) for url in event["urls"]]
    drivers = [[engine.dialect.name, engine.driver, engine.dialect.dbapi.__name__] for engine in engines]
    made = [str(sqlalchemy.schema.CreateTable(User.__table__).compile(engine)) for engine in engines]
    memory = sqlalchemy.create_engine("sqlite://")
    Base.metadata.create_all(memory)
    with orm.Session(memory) as session:
        session.add(User(name="a"))
        session.commit()
        names = session.scalars(sqlalchemy.select(User.name)).all()
    insert = postgresql.insert(User).values(id=1).on_conflict_do_nothing().compile(dialect=postgresql.dialect())
    return {"drivers": drivers, "made": made, "names": names, "insert": str(insert)}
